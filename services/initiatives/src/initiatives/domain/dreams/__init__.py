"""Dream visions: the storyboard that residents fill, its versions, and what a film of one shows."""
