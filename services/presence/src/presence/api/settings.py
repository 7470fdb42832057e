"""What routes know of the process they run in."""

from typing import Annotated

from fastapi import Depends, Request

from presence.settings import PresenceSettings


async def _settings(request: Request) -> PresenceSettings:
    settings: PresenceSettings = request.app.state.runtime.settings
    return settings


Configured = Annotated[PresenceSettings, Depends(_settings)]
"""The service's settings."""
