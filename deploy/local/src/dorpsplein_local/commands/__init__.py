"""The commands, one module each; a module's `app` is what `./dorpsplein <command>` runs."""
