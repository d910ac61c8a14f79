"""Keys that a URL must escape, and proxies like to change on the way."""

ODD = (
    *("a/b", "/", "a//b", "a/./b", "a/../b", "a%2Fb", "100%", "a+b", "a b", "a?b#c"),
    *("ann@example.org", "a;b:c,d&e=f", "'\"<>\\^`{|}", "Größe", "日本語", "🙂"),
)
