"""A service at work: HTTP, relay and consumers in one process, or API and worker apart, from one description."""

from dorpsplein.service.runtime import Runtime, Service
from dorpsplein.service.serving import run_on_uvloop, serve, serve_apart

__all__ = ["Runtime", "Service", "run_on_uvloop", "serve", "serve_apart"]
