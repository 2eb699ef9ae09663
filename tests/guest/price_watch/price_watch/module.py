"""What this module declares."""

from datetime import timedelta
from pathlib import Path

from backend.sdk.module import Schedule, ServiceModule, Subscription
from price_watch.config import Settings
from price_watch.handlers import Board, tell
from price_watch.models import Watch
from price_watch.operations import erase_watches, export_watches, forget_old
from price_watch.routes import WATCH, blueprint

HERE = Path(__file__).parent
POSTED = "market_prices.posted"

module = ServiceModule(
    name="price_watch",
    version="1.0",
    title={"id": "Pantau Harga", "en": "Price watch"},
    blueprints=[blueprint],
    config_schema=Settings,
    permissions=[WATCH],
    models=[Watch],
    subscribes=[
        Subscription(subscriber="price_watch.tell", event=POSTED, handler=tell),
        Subscription(subscriber="price_watch.board", event=POSTED, handler=Board(), lane="bulk", max_attempts=12),
    ],
    schedules=[Schedule(name="price_watch.forget_old", every=timedelta(days=1), run=forget_old)],
    export_personal_data=export_watches,
    erase_personal_data=erase_watches,
    migrations=HERE / "migrations",
)
