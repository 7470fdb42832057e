"""The HTTP face of funding: what may be sent, what is shown, and the routes, one module a noun."""
