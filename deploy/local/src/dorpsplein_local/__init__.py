"""The one-machine run of Dorpsplein."""
