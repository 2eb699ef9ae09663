"""The forms of a page, as a browser without scripts reads and sends them."""

from html.parser import HTMLParser


class Forms(HTMLParser):
    """Every form of a page: its address, and the fields it would send with what stands in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[dict] = []
        self._select, self._text, self._option = None, None, None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        """Note forms, and the fields in them."""
        said = dict(attributes)
        if tag == "form":
            self.forms.append({"action": said.get("action", ""), "fields": {}, "buttons": []})
        if not self.forms:
            return
        form = self.forms[-1]
        name, value = said.get("name"), said.get("value") or ""
        if tag == "input" and name and (said.get("type") not in {"checkbox", "radio", "file"} or "checked" in said):
            form["fields"].setdefault(name, []).append(value or ("on" if said.get("type") == "checkbox" else ""))
        elif tag == "button" and name:
            form["buttons"].append((name, value))
        elif tag == "select":
            self._select, self._option = name, None
        elif tag == "option" and self._select and (self._option is None or "selected" in said):
            self._option = value
        elif tag == "textarea":
            self._text = (name, "")

    def handle_data(self, data):
        """Keep the text of a textarea."""
        if self._text:
            self._text = (self._text[0], self._text[1] + data)

    def handle_endtag(self, tag):
        """Take in what a select or a textarea says."""
        if tag == "select" and self._select:
            self.forms[-1]["fields"].setdefault(self._select, []).append(self._option or "")
            self._select = None
        elif tag == "textarea" and self._text:
            name, text = self._text
            self.forms[-1]["fields"].setdefault(name, []).append(text.removeprefix("\n").replace("\n", "\r\n"))
            self._text = None

    def to(self, part: str) -> dict:
        """Return the fields of the form that is sent to an address with `part` in it."""
        return {
            name: list(values) for name, values in next(each for each in self.forms if part in each["action"])["fields"].items()
        }
