"""The composition root: every part of a process, put together top to bottom."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response
from flask.json.provider import JSONProvider
from redis import Redis
from werkzeug.middleware.proxy_fix import ProxyFix

from backend import accounts, departments, files, packs
from backend.core.crypto import Keyring
from backend.core.logs import configure_logs
from backend.core.settings import UPLOADS, UPLOADS_WAITING, WAITING, Settings
from backend.core.text import Catalogue
from backend.data.channels import make_channels
from backend.data.context import Ground
from backend.data.db import db
from backend.data.doorbell import RedisDoorbell
from backend.data.pool import CountingPool
from backend.data.protection import refuse_powerful_role, refuse_unprotected_tables
from backend.data.serials import Serials
from backend.http import declaration as regions
from backend.http.auth import configure_tokens
from backend.http.blueprint import RoomBlueprint
from backend.http.body import take_in_the_rest
from backend.http.gate import Doorman, Gate
from backend.http.health import serve_health
from backend.http.house import House
from backend.http.limits import RateLimits
from backend.http.openapi import make_api, serve_documentation
from backend.http.problem import answer_problems
from backend.http.tracing import trace_requests
from backend.modules.contract import ServiceModule
from backend.modules.discovery import blob_store, bundled_modules, guest_modules
from backend.modules.registry import Registry
from backend.pages import home
from backend.pages.assets import serve_assets
from backend.pages.blueprint import PageBlueprint
from backend.pages.frame import serve_frame
from backend.regions.directory import RegionDirectory

_HERE = Path(__file__).parent
GROUND_MODULES: tuple[ServiceModule, ...] = (
    regions.module,
    packs.module,
    accounts.module,
    departments.module,
    files.module,
)


class _Json(JSONProvider):
    """orjson for everything Flask writes."""

    def dumps(self, obj: Any, **_kwargs: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        return Response(orjson.dumps(self._prepare_response_obj(args, kwargs)), mimetype="application/json")


def load_registry() -> Registry:
    """Find and check every module. Raises DiscoveryError or BootError saying who and what is broken."""
    return Registry([*GROUND_MODULES, *bundled_modules(), *guest_modules()])


def load_catalogue(registry: Registry) -> Catalogue:
    """Return the texts of the ground and of every module."""
    catalogue = Catalogue()
    catalogue.add_folder(_HERE / "locale")
    for module in registry.modules.values():
        if module.locale is not None:
            catalogue.add_folder(module.locale)
    return catalogue


def _database(app: Flask, settings: Settings, *, connections: int) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "poolclass": CountingPool,
        "pool_size": connections,
        "max_overflow": 0,
        "pool_timeout": 3,
        "pool_pre_ping": False,
        "pool_recycle": 1800,
        "hide_parameters": True,  # an error is logged, and a citizen's words are among them
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
    }
    db.init_app(app)


def create_app(settings: Settings, *, connections: int | None = None) -> Flask:
    """Return one process's application. Raises RoleError, BootError or DiscoveryError when it must not start."""
    configure_logs(settings.log_level)
    app = Flask("balai", static_folder=None)
    app.json = _Json(app)
    app.config["MAX_FORM_MEMORY_SIZE"] = 1 << 20
    keyring = Keyring(settings.secret_key)
    redis = Redis.from_url(settings.redis_url, socket_timeout=0.5, socket_connect_timeout=0.5)
    registry = load_registry()
    _database(app, settings, connections=connections or settings.web_threads + 2)
    with app.app_context():
        engine = db.engine
    with engine.connect() as connection:
        refuse_powerful_role(connection)
        refuse_unprotected_tables(connection, registry.tenant_tables)
    directory = RegionDirectory(
        engine,
        registry.parse_config,
        modules=[module.name for module in registry.modules.values() if not module.always_on],
        always_on=[module.name for module in registry.modules.values() if module.always_on],
        folder=settings.var / "areas",
    )
    directory.refresh()
    app.extensions["balai"] = House(
        ground=Ground(
            settings=settings,
            engine=engine,
            keyring=keyring,
            blobs=blob_store(settings),
            serials=Serials(engine),
            channels=make_channels(settings, engine),
            catalogue=load_catalogue(registry),
            subscribers=registry,
            doorbell=RedisDoorbell(redis),
            regions=directory,
            people=accounts.Accounts(),
            personal=registry,
            wording=registry,
        ),
        registry=registry,
        directory=directory,
        limits=RateLimits(settings.redis_url, keyring, demo=settings.demo),
        gate=Gate(working=settings.web_threads, waiting=WAITING),
        uploads=Gate(working=UPLOADS, waiting=UPLOADS_WAITING),
        load_actor=accounts.load_actor,
    )
    configure_tokens(app, keyring)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies)  # type: ignore[method-assign] # Flask's own way
    house: House = app.extensions["balai"]
    app.wsgi_app = Doorman(app.wsgi_app, house.gate, house.ground.catalogue, directory)  # type: ignore[method-assign] # as above
    trace_requests(app)
    app.after_request(take_in_the_rest)
    answer_problems(app)
    api = make_api(app, version=version("balai"))
    app.extensions["balai_api"] = api
    for blueprint in registry.blueprints(RoomBlueprint):
        api.register_blueprint(blueprint)
    serve_frame(app, [home.blueprint, *registry.blueprints(PageBlueprint)])
    serve_assets(app)
    if settings.demo:
        api.register_blueprint(accounts.demo_blueprint)
    serve_documentation(app, api)
    serve_health(app, engine, redis)
    return app
