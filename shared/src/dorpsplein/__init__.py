"""What the services of Dorpsplein share."""
