"""The Liquid of the source document: Braze's page of Hightouch's Personalization API.

Its defects are mended: the sample record has no trailing commas (`stores.JANE`), what
is saved as `customer` is read as `customer` and not as `artists`, and the placeholder
of the key holds no braces, which Liquid would take for a variable of its own.
"""

HOST = "https://personalization.us-west-2.hightouch.com"
"""Swapped for one's own; the rest of the call stays as it is."""

CALL = """\
{% connected_content
     https://personalization.us-west-2.hightouch.com/v1/collections/customer/records/id/12345
     :method get
     :headers {
       "Authorization": "Bearer YOUR-API-KEY"
  }
     :content_type application/json
     :save customer
%}
"""

REFERENCES = [
    ("{{customer.recommendations.concerts[0].artist}}", "Aphex Twin"),
    ("{{customer.recommendations.concerts[0].location}}", "San Francisco, CA"),
    ("{{customer.recommendations.upcoming_album_release.title}}", "Universal Language"),
]
