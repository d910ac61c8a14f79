"""dbt_project.yml and profiles.yml, read as dbt reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import ConfigError
from runner.project import Project, Selection, load_project

PROFILES = """\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: shop.duckdb}
    prod: {type: duckdb, path: "{{ env_var('SHOP_FILE', 'prod.duckdb') }}"}
other:
  outputs:
    default: {type: duckdb, path: other.duckdb}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DBT_PROFILES_DIR", "DBT_TARGET_PATH", "SHOP_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (tmp_path / "profiles.yml").write_text(PROFILES)
    return tmp_path


def load(folder: Path, **options: str | Path) -> Project:
    return load_project(Selection(folder, **options))  # type: ignore[arg-type]


def complaint(folder: Path, **options: str | Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, **options)
    return str(caught.value)


def path(project: Project) -> str:
    return str(project.output["path"])


def test_the_profile_names_its_target(folder: Path) -> None:
    assert load(folder).target == "dev"


def test_a_target_may_be_said(folder: Path) -> None:
    assert path(load(folder, target="prod")) == "prod.duckdb"


def test_a_profile_may_be_said(folder: Path) -> None:
    assert path(load(folder, profile="other")) == "other.duckdb"


def test_a_profile_without_a_target_has_the_target_default(folder: Path) -> None:
    assert load(folder, profile="other").target == "default"


def test_a_variable_of_the_environment_is_resolved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_FILE", "elsewhere.duckdb")
    assert path(load(folder, target="prod")) == "elsewhere.duckdb"


@pytest.mark.parametrize("value", ["a: b", "0123", "yes", "{", "", "a #b", "1e3"])
def test_a_variable_of_the_environment_is_text_as_it_stands(
    folder: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("SHOP_FILE", value)
    assert path(load(folder, target="prod")) == value


def test_the_folder_of_profiles_may_be_said(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / "profiles.yml").rename(elsewhere / "profiles.yml")
    assert load(folder, profiles_dir=elsewhere).target == "dev"


def test_the_folder_of_profiles_may_be_in_the_environment(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / "profiles.yml").rename(elsewhere / "profiles.yml")
    monkeypatch.setenv("DBT_PROFILES_DIR", str(elsewhere))
    assert load(folder).target == "dev"


def test_profiles_are_looked_for_at_home_last(folder: Path) -> None:
    home = folder / "home" / ".dbt"
    home.mkdir(parents=True)
    (folder / "profiles.yml").rename(home / "profiles.yml")
    assert load(folder).target == "dev"


def test_the_target_path_is_dbts(folder: Path) -> None:
    (folder / "dbt_project.yml").write_text("name: shop\ntarget-path: out\n")
    assert load(folder).target_path == folder.resolve() / "out"


def test_the_target_path_of_the_environment_wins(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_TARGET_PATH", "built")
    assert load(folder).target_path == folder.resolve() / "built"


def test_the_limits_are_those_of_the_project(folder: Path) -> None:
    text = "name: shop\nvars: {runner: {in_flight: 2}}\n"
    (folder / "dbt_project.yml").write_text(text)
    assert load(folder).runner_vars == {"in_flight": 2}


# -- what is refused


def test_a_missing_project_is_named_with_the_option(folder: Path) -> None:
    assert "dbt_project.yml: no such file. Say --project-dir." in complaint(
        folder / "elsewhere"
    )


def test_a_missing_profiles_file_is_named_with_what_to_do(folder: Path) -> None:
    (folder / "profiles.yml").unlink()
    assert "profiles.yml: no such file. dbt needs one" in complaint(folder)


def test_an_unknown_profile_brings_the_nearest(folder: Path) -> None:
    assert "no profile 'shpo'. Did you mean 'shop'?" in complaint(
        folder, profile="shpo"
    )


def test_an_unknown_target_brings_the_nearest(folder: Path) -> None:
    words = "profile 'shop' has no target 'prd'. Did you mean 'prod'? It has: dev, prod"
    assert words in complaint(folder, target="prd")


def test_a_missing_variable_of_the_environment_is_named(folder: Path) -> None:
    text = "shop: {target: dev, outputs: {dev: {path: \"{{ env_var('NO_SUCH') }}\"}}}"
    (folder / "profiles.yml").write_text(text)
    assert "environment variable NO_SUCH is not set" in complaint(folder)


@pytest.mark.parametrize("name", ["dbt_project.yml", "profiles.yml"])
@pytest.mark.parametrize(
    "content", [b"", b"[]", b"text", b"7", b"a: [", b"\xff\xfe", b"a: b: c", b"\x00"]
)
def test_a_file_that_is_no_yaml_of_keys_is_named(
    folder: Path, name: str, content: bytes
) -> None:
    (folder / name).write_bytes(content)
    assert name in complaint(folder)


@pytest.mark.parametrize("name", ["dbt_project.yml", "profiles.yml"])
def test_a_folder_in_the_place_of_a_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).mkdir()
    assert name in complaint(folder)


@pytest.mark.parametrize(
    "profiles",
    [
        "shop:\n",
        "shop: []\n",
        "shop: text\n",
        "shop: {outputs: }\n",
        "shop: {outputs: []}\n",
        "shop: {outputs: text}\n",
        "shop: {target: 7, outputs: {7: {type: duckdb}}}\n",
        "shop: {target: dev, outputs: {dev: }}\n",
        "shop: {target: dev, outputs: {dev: text}}\n",
        "shop: {target: dev, outputs: {dev: []}}\n",
        "shop: {target: [dev], outputs: {dev: {type: duckdb}}}\n",
        "shop: {target: dev, outputs: {dev: {path: '{{ var(1) }}'}}}\n",
        "shop: {target: dev, outputs: {dev: {path: '{{'}}}\n",
        "7: {}\n",
        "null: {}\n",
    ],
)
def test_a_profile_of_another_shape_is_refused_in_words(
    folder: Path, profiles: str
) -> None:
    (folder / "profiles.yml").write_text(profiles)
    assert "profiles.yml" in complaint(folder)


@pytest.mark.parametrize(
    "variables", ["text", "[1]", "7", "{runner: [1]}", "{runner: text}"]
)
def test_limits_of_another_shape_are_refused_in_words(
    folder: Path, variables: str
) -> None:
    (folder / "dbt_project.yml").write_text(f"name: shop\nvars: {variables}\n")
    assert "dbt_project.yml: vars" in complaint(folder)
