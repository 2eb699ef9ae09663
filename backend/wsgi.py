"""What the web server imports: one application, following changes of the regions."""

from backend.app import create_app
from backend.core.settings import load_settings

app = create_app(load_settings())
app.extensions["balai"].directory.follow()
