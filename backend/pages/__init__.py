"""The frame of the pages that people open: one layout, one door beside the API's, forms, assets, navigation, maps.

Rooms contribute pages by a `PageBlueprint` of their `pages.py` with templates of their own. A page is a route like any other: the
edge of `backend.http.blueprint` does for it what it does for the API, but that the token comes out of a cookie, that what goes
wrong is told as a page, and that a form comes back with what was typed.
"""
