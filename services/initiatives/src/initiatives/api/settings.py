"""What routes know of the process they run in."""

from typing import Annotated

from fastapi import Depends, Request

from initiatives.settings import InitiativesSettings


async def _settings(request: Request) -> InitiativesSettings:
    settings: InitiativesSettings = request.app.state.runtime.settings
    return settings


Configured = Annotated[InitiativesSettings, Depends(_settings)]
"""The service's settings."""
