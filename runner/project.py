"""The user's dbt project as the runner needs it: its folder, profile and variables.

Reads dbt_project.yml and profiles.yml the way dbt does; never imports dbt.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .errors import ConfigError, nearest


@dataclass(frozen=True, slots=True)
class Selection:
    """The options that choose a project, with dbt's names and meaning."""

    project_dir: Path
    profiles_dir: Path | None = None
    profile: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """A dbt project with the one profile target that is used."""

    directory: Path
    name: str
    profile: str
    target: str
    profiles_path: Path
    output: Mapping[str, Any] = field(repr=False)
    """The chosen output of profiles.yml, with its env_var() calls resolved."""
    target_path: Path
    runner_vars: Mapping[str, Any]
    """`vars: runner:` of dbt_project.yml."""

    @property
    def currents_schema(self) -> str:
        """Where the events of Currents are, beside what dbt builds."""
        return f"{self.output.get('schema') or 'main'}_currents"

    @property
    def adapter(self) -> str:
        """The warehouse's dbt adapter: duckdb or snowflake."""
        return str(self.output.get("type", ""))


def load_project(selection: Selection) -> Project:
    """Read the project and its profile, or raise ConfigError saying what is missing."""
    directory = selection.project_dir.resolve()
    project_file = directory / "dbt_project.yml"
    config = _read_yaml(project_file, "Say --project-dir.")
    named = _render(config.get("profile") or config.get("name"), project_file)
    profile = selection.profile or str(named)
    path = _find_profiles(selection, directory).resolve()
    target, output = _choose_output(path, profile, selection.target)
    where = f"{project_file}: vars"
    variables = _keys_and_values(config.get("vars") or {}, where)
    limits = _keys_and_values(variables.get("runner") or {}, f"{where}.runner")
    # dbt lets a project keep its vars under its own name, and prefers those.
    scoped = variables.get(str(config.get("name")))
    if isinstance(scoped, dict):
        limits |= _keys_and_values(scoped.get("runner") or {}, f"{where}.runner")
    target_path = os.environ.get("DBT_TARGET_PATH") or config.get("target-path")
    return Project(
        directory=directory,
        name=str(config.get("name")),
        profile=profile,
        target=target,
        profiles_path=path,
        output=output,
        target_path=directory / str(target_path or "target"),
        runner_vars=limits,
    )


def _read_yaml(path: Path, remedy: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        msg = f"{path}: no such file. {remedy}"
        raise ConfigError(msg) from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        reason = " ".join(str(error).split())
        msg = f"{path}: cannot be read: {reason}"
        raise ConfigError(msg) from None
    return _keys_and_values(content, str(path))


def _find_profiles(selection: Selection, directory: Path) -> Path:
    """Search where dbt searches: option, environment, project folder, home."""
    if selection.profiles_dir:
        return selection.profiles_dir / "profiles.yml"
    if os.environ.get("DBT_PROFILES_DIR"):
        return Path(os.environ["DBT_PROFILES_DIR"]) / "profiles.yml"
    local = directory / "profiles.yml"
    return local if local.exists() else Path.home() / ".dbt" / "profiles.yml"


def _choose_output(
    path: Path, profile: str, target: str | None
) -> tuple[str, dict[str, Any]]:
    remedy = "dbt needs one; docs/configuration.md has a sample. Or say --profiles-dir."
    profiles = _read_yaml(path, remedy)
    if profile not in profiles:
        names = [str(name) for name in profiles if name != "config"]
        msg = (
            f"{path}: no profile '{profile}'.{nearest(profile, names)} "
            f"It has: {', '.join(names) or 'none'}."
        )
        raise ConfigError(msg)
    where = f"{path}: profile '{profile}'"
    body = _keys_and_values(profiles[profile] or {}, where)
    outputs = _keys_and_values(body.get("outputs") or {}, f"{where}: outputs")
    name = target or str(_render(body.get("target", "default"), path))
    if name not in outputs:
        names = [str(known) for known in outputs]
        msg = (
            f"{where} has no target '{name}'."
            f"{nearest(name, names)} It has: {', '.join(names) or 'none'}."
        )
        raise ConfigError(msg)
    output = _keys_and_values(outputs[name], f"{where}: target '{name}'")
    return name, dict(_render(output, path))


def _keys_and_values(content: object, where: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        msg = f"{where}: expected keys and values."
        raise ConfigError(msg)
    return content


def _render(value: Any, path: Path) -> Any:
    """Resolve the Jinja of dbt's files, where env_var is all that is known."""
    if isinstance(value, dict):
        return {key: _render(item, path) for key, item in value.items()}
    if isinstance(value, list):
        return [_render(item, path) for item in value]
    if not isinstance(value, str) or "{{" not in value:
        return value
    import jinja2  # noqa: PLC0415 - 70 ms that most profiles need not pay

    def env_var(name: str, default: str | None = None) -> str:
        found = os.environ.get(name, default)
        if found is None:
            msg = f"{path}: environment variable {name} is not set."
            raise ConfigError(msg)
        return found

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701 - YAML, not HTML
    environment.globals["env_var"] = env_var
    environment.filters["as_number"] = lambda text: text
    environment.filters["as_bool"] = lambda text: text
    environment.filters["as_native"] = lambda text: text
    environment.filters["as_text"] = lambda text: text
    try:
        return environment.from_string(value).render()
    except jinja2.TemplateError as error:
        msg = f"{path}: cannot resolve {value!r}: {error}"
        raise ConfigError(msg) from None
