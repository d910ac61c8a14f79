"""Braze's own Liquid: what is known of a recipient, filters, options of the tag."""

from __future__ import annotations

import pytest

from runner.connected_content import Recipient, Workspace
from runner.errors import ConfigError

from .places import Place

ADA = Recipient(
    {"user_id": "C 1", "email_address": "ada@example.com"},
    {"tier": "gold", "favourite shop": "Lyon", "it's": "odd"},
    {"event_properties": {"sku": "A-1"}},
)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{${user_id}}}", "C 1"),
        ("{{ ${user_id} | downcase }}", "c 1"),
        ("{{custom_attribute.${favourite shop}}}", "Lyon"),
        ("{{custom_attribute.${it's}}}", "odd"),
        ("{{event_properties.${sku}}}", "A-1"),
        ("{{${first_name} | default: 'friend'}}", "friend"),
        ("{% if custom_attribute.${tier} == 'gold' %}yes{% endif %}", "yes"),
        ("{% if {{custom_attribute.${tier}}} == 'gold' %}yes{% endif %}", "yes"),
        ("{% assign a = '{{x}}' %}{{a}}", "{{x}}"),
        ("{% raw %}{{${user_id}}}{% endraw %}", "{{${user_id}}}"),
        ("a script says `${user_id}`", "a script says `${user_id}`"),
        ("{{ 'hey<&>hi' | url_param_escape }}", "hey%3C%26%3Ehi"),
        ("{{ 'hey<&>hi' | url_escape }}", "hey%3C&%3Ehi"),
        ("{{ ${email_address} | url_param_escape }}", "ada%40example.com"),
        ("{{ 'a/b' | url_param_escape }}", "a/b"),
        ("{{ 'a/b c+d' | url_encode | replace: '+', '%20' }}", "a%2Fb%20c%2Bd"),
        ("{{ '數 é' | url_param_escape }}", "%E6%95%B8%20%C3%A9"),
        ("{{ 'say \"x\"' | json_escape }}", 'say \\"x\\"'),
        (
            "{{ 'hey' | sha2 }}",
            "fa690b82061edfd2852629aeba8a8977b57e40fcb77d1a7a28b26cba62591204",
        ),
        ("{{ nobody | sha2 | slice: 0, 4 }}", "e3b0"),
    ],
)
def test_it_reads_what_braze_adds_to_liquid(
    workspace: Workspace, template: str, text: str
) -> None:
    assert workspace.render(template, ADA).text == text


def test_a_member_of_any_name_is_read(workspace: Workspace, place: Place) -> None:
    url = place.holds("/r", {"90_day_summary": {"top": ["house"]}, "size": "XL"})

    rendered = workspace.render(
        f"{{% connected_content {url} :save record %}}"
        "{{record['90_day_summary'].top[0]}} {{record.size}} "
        "{% assign it = record | property_accessor: '90_day_summary' %}"
        "{{it['top'] | join}} {{record.none.at.all}}"
    )

    assert rendered.text == "house XL house "


def test_an_object_has_the_status_and_a_list_has_not(
    workspace: Workspace, place: Place
) -> None:
    one, many = place.holds("/one", {"a": 1}), place.holds("/many", [{"a": 2}])

    rendered = workspace.render(
        f"{{% connected_content {one} :save one %}}"
        f"{{% connected_content {many} :save many %}}"
        "{{one.__http_status_code__}}/{{many.__http_status_code__}}/{{many[0].a}}"
    )

    assert rendered.text == "200//2"


def test_without_save_json_is_connected_and_text_is_inserted(
    workspace: Workspace, place: Place
) -> None:
    json_url = place.holds("/json", {"a": 1})
    text_url = place.says("/text", lambda handler: handler.give(b"h\xc3\xa9llo"))

    rendered = workspace.render(
        f"{{% connected_content {json_url} %}}{{{{connected.a}}}} "
        f"{{% if true %}}{{% connected_content {text_url} %}}{{% endif %}}"
    )

    assert rendered.text == "1 héllo"


def test_a_get_says_what_brazes_says(workspace: Workspace, place: Place) -> None:
    url = place.holds("/r", {})

    workspace.render(
        f"{{% connected_content {url}\n  :method get\n"
        '  :headers {\n "X-Tenant": "{{ custom_attribute.${tier} | upcase }}"\n }\n'
        "  :save x %}",
        ADA,
    )

    (seen,) = place.seen
    assert seen.method == "GET"
    assert seen.headers["user-agent"].startswith("Braze Sender ")
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["accept"] == "*/*"
    assert seen.headers["x-tenant"] == "GOLD"


@pytest.mark.parametrize(
    ("options", "content_type", "body"),
    [
        (":body a=1&b={{${user_id}}}", "application/x-www-form-urlencoded",
         "a=1&b=C 1"),
        (":body a=1&b= :content_type application/json", "application/json",
         '{"a": "1", "b": ""}'),
        (':body {"a":"{{ 1 | plus: 1 }}"} :content_type application/json',
         "application/json", '{"a":"2"}'),
        (":body {{json}} :content_type application/json", "application/json",
         '{"a": [1, 2]}'),
    ],
)  # fmt: skip
def test_a_post_says_what_brazes_says(
    workspace: Workspace, place: Place, options: str, content_type: str, body: str
) -> None:
    url = place.holds("/r", {})

    workspace.render(
        '{% capture json %}{"a": [1, 2]}{% endcapture %}'
        f"{{% connected_content {url} :method post {options} %}}",
        ADA,
    )

    (seen,) = place.seen
    assert (seen.method, seen.headers["content-type"]) == ("POST", content_type)
    assert seen.body.decode() == body


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{% connected_content :save x %}", "needs one URL"),
        ("{% connected_content http://a http://b %}", "needs one URL"),
        ("{% connected_content http://a :saev x %}", "Did you mean 'save'?"),
        (
            "{% connected_content http://a :save %}",
            "':save' of connected_content needs",
        ),
        ("{% connected_content http://a :retry 3 %}", "takes no value: '3'"),
        ("{% connected_content http://a :save a :save b %}", "stands twice"),
        ("{% connected_content http://a :method put %}", "get or post, not 'put'"),
        ('{% connected_content http://a :headers {"a": "b",} %}', "no comma after"),
        ("{% connected_content http://a :cache_max_age long %}", "whole seconds"),
        ("\n\n{% abort_message %}", "in line 3: abort_message needs brackets"),
        ("{% if %}{% endif %}", "cannot be read"),
        ("{{ 1 | no_such_filter }}", "no_such_filter"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    workspace: Workspace, template: str, sentence: str
) -> None:
    with pytest.raises(ConfigError) as error:
        workspace.render(template)

    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_abort_ends_the_message_with_its_reason(workspace: Workspace) -> None:
    rendered = workspace.render("before {% abort_message('no reco') %} after")

    assert (rendered.text, rendered.abort) == ("", "no reco")
    assert workspace.render("{% abort_message() %}").abort == "aborted without a reason"
