"""Market prices: what food costs at the market. Each region says which goods it follows."""

from pathlib import Path

from marshmallow import fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Mapped

from backend.sdk.data import Base, EventType, RegionScoped, plain
from backend.sdk.domain import invalid, new_id
from backend.sdk.module import Permission, ServiceModule
from backend.sdk.pages import LISTED, Entry, PageBlueprint, render
from backend.sdk.web import RoomBlueprint, Schema, page_of

HERE = Path(__file__).parent
POST = Permission(name="market_prices.post", roles=frozenset({"department_officer"}), doc="Post prices")
POSTED = EventType(name="market_prices.posted", fields=("goods", "rupiah"), doc="A price was posted; the subject is its id")
blueprint = RoomBlueprint("market_prices", doc="What food costs at the market")
pages = PageBlueprint("market_prices", templates=HERE / "templates")


class Price(RegionScoped, Base):
    __tablename__ = "market_prices"
    holds = (plain("goods rupiah"),)
    goods: Mapped[str]
    rupiah: Mapped[int]


class Settings(Schema):
    goods = fields.List(fields.String(validate=validate.Length(1, 60)), load_default=["beras"])


class PriceShape(Schema):
    goods = fields.String(required=True, validate=validate.Length(1, 60), metadata={"examples": ["beras"]})
    rupiah = fields.Integer(required=True, validate=validate.Range(1, 10_000_000), metadata={"examples": [14500]})


@blueprint.endpoint("GET", "", public=True, out=page_of(PriceShape))
def list_prices(ctx):
    """List the newest prices."""
    newest = select(Price).where(Price.region_id == ctx.region.id).order_by(Price.id.desc()).limit(50)
    return {"items": ctx.session.scalars(newest).all(), "next_cursor": None}


@blueprint.endpoint("POST", "", permission=POST.name, body=PriceShape, out=PriceShape, status=201, limit="write")
def post_price(ctx, body):
    """Post the price of something that the region follows."""
    if body["goods"] not in ctx.config("market_prices")["goods"]:
        raise invalid("goods", "market_prices.not_followed", goods=body["goods"])
    price = Price(region_id=ctx.region.id, id=new_id(), **body)
    ctx.session.add(price)
    ctx.publish(POSTED, subject=price.id, **body)
    return body


@pages.page("GET", "", public=True)
def show_prices(ctx):
    """Show the newest prices."""
    return render(ctx, "market_prices/prices.html", prices=list_prices(ctx)["items"])


module = ServiceModule(
    name="market_prices",
    version="1.0",
    title={"id": "Harga Pasar", "en": "Market prices"},
    blueprints=[blueprint, pages],
    config_schema=Settings,
    permissions=[POST],
    models=[Price],
    publishes=[POSTED],
    migrations=HERE / "migrations",
    contributes={LISTED: [Entry(text="market_prices.page", path="/market-prices", shelf="public", module="market_prices")]},
    locale=HERE / "locale",
)
