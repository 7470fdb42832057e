"""The factory of a service's HTTP application, with health and OpenAPI."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response

from dorpsplein.database import Database
from dorpsplein.direct import ShortWay
from dorpsplein.identity import Verifier
from dorpsplein.web.description import described
from dorpsplein.web.envelope import API_VERSION, Envelope
from dorpsplein.web.problems import REFUSALS, problem


def create_app(
    name: str,
    routers: Sequence[APIRouter],
    *,
    database: Database,
    verifier: Verifier,
    ready: Callable[[], Awaitable[Mapping[str, str]]],
    public_url: str,
    large_bodies: Mapping[str, int] | None = None,
) -> FastAPI:
    """A service's HTTP application under `/v1`, with health, OpenAPI and one answer for every kind of error.

    `ready` gives what is not ready, by part; nothing when all is. `large_bodies` says at which paths (as their
    routes have them) a body may have more than MOST_BODY_BYTES, and how many.
    """
    app = FastAPI(
        title=f"Dorpsplein: {name}",
        version=API_VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        servers=[{"url": f"{public_url}/api/{name}/v1"}],
        contact={"name": "Dorpsplein", "url": public_url},
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.database, app.state.verifier = database, verifier
    for kind, handler in REFUSALS.items():
        app.add_exception_handler(kind, handler)
    for router in routers:
        app.include_router(router, prefix="/v1")
    app.include_router(_common(app, ready), prefix="/v1")
    app.add_middleware(ShortWay, routers=routers, prefix="/v1", handlers=REFUSALS)
    app.add_middleware(Envelope, large_bodies={f"/v1{path}": most for path, most in (large_bodies or {}).items()})
    return app


def _common(app: FastAPI, ready: Callable[[], Awaitable[Mapping[str, str]]]) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "pass"}

    @router.get("/health/ready")
    async def readiness() -> Response:
        missing = await ready()
        if missing:
            return problem(503, "not-ready", "; ".join(f"{part}: {why}" for part, why in missing.items()))
        return JSONResponse({"status": "pass"})

    @router.get("/openapi.json")
    async def openapi() -> Response:
        return JSONResponse(described(app), headers={"Access-Control-Allow-Origin": "*"})

    return router
