"""Stories, told by the community and retold by aldermen; and which are worth retelling now."""
