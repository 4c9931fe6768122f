"""Makes a checkout ready: ``python3 -m tools.prepare run`` for the demo, ``test`` for the tests and checks.

Needs Python 3.11 and nothing else. What is done already is not done again: a stamp with the hash of its inputs is
written last, so an interrupted step is simply repeated.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tools import lock

ROOT: Final = Path(__file__).resolve().parent.parent
VENV: Final = ROOT / ".venv"
PYTHON: Final = VENV / "bin" / "python"
STAMPS: Final = VENV / ".prepared"
OLDEST: Final = (3, 11)
OLDEST_NODE: Final = 18


class PrepareError(Exception):
    """The machine lacks something; the message says what, and how to get it."""


def main(arguments: list[str]) -> int:
    """Prepare for ``run`` or ``test``. Returns the exit status."""
    purpose = arguments[0] if arguments else ""
    if purpose not in ("run", "test", "check"):
        print("usage: python3 -m tools.prepare run|test|check", file=sys.stderr)
        return 2
    os.chdir(ROOT)
    try:
        with_lock(purpose)
    except PrepareError as error:
        print(f"\nNot ready: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the next start goes on from here.", file=sys.stderr)
        return 130
    return 0


def with_lock(purpose: str) -> None:
    """Prepare while no other start does: two of them would lay the same files."""
    held = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        prepare(purpose)
    finally:
        os.close(held)


def prepare(purpose: str) -> None:
    """Everything that ``purpose`` needs, in order."""
    make_environment()
    install_packages(purpose)
    install_project()
    if purpose != "check":
        build_vendor_files(purpose)
    # By the environment's Python: it may have to ask Playwright for a browser.
    if purpose == "test" and subprocess.call([str(PYTHON), "-m", "tools.browser"]):
        raise PrepareError("the browser tests have no browser; see above.")


def make_environment() -> None:
    """``.venv``, unless it is there and its Python still starts."""
    if _version_of(str(PYTHON)) >= OLDEST and _succeeds([str(PYTHON), "-m", "pip", "--version"]):
        return
    say(f"making .venv with {sys.executable} ({sys.version.split()[0]})")
    shutil.rmtree(VENV, ignore_errors=True)
    if _succeeds([sys.executable, "-m", "venv", str(VENV)]):
        return
    # Debian's python3 comes without the module that puts pip in a new environment.
    shutil.rmtree(VENV, ignore_errors=True)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        say(f"this Python can't make environments; installing {package}")
        subprocess.call(
            ["sh", "-c", f"apt-get update -q && apt-get install -y -q --no-install-recommends {package}"]
        )
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        raise PrepareError(
            f"{sys.executable} can't make a virtual environment. On Debian or Ubuntu: apt-get install "
            f"python3-venv. It said:\n{(made.stdout + made.stderr).strip()}"
        )


def install_packages(purpose: str) -> None:
    """What ``purpose`` needs of the lock, each file held against its hash."""
    extras = ["demo"] if purpose == "run" else ["demo", "dev"]
    if purpose != "check" and node_on_path() is None:
        extras.append("node")
    wanted = [*lock.purposes(ROOT / "pyproject.toml", extras), "hatchling"]
    text = lock.subset((ROOT / "requirements.lock").read_text(encoding="utf-8"), wanted)
    if is_stamped("packages-" + "-".join(extras), text):
        return
    file = VENV / "requirements.txt"
    file.write_text(text, encoding="utf-8")
    say(f"installing {lock.count(text)} Python packages")
    pip("install", "--require-hashes", "--requirement", str(file), total=lock.count(text))
    stamp("packages-" + "-".join(extras), text)


def install_project() -> None:
    """The project itself, as a link to this checkout, with its ``azora`` command."""
    inputs = str(ROOT) + (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    if is_stamped("project", inputs) and (VENV / "bin" / "azora").exists():
        return
    say("installing azora-admin itself (editable)")
    pip("install", "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT), total=1)
    stamp("project", inputs)


def build_vendor_files(purpose: str) -> None:
    """``static/vendor`` from the packages that package-lock.json pins."""
    omit = ["--omit=dev"] if purpose == "run" else []
    inputs = "".join(
        (ROOT / name).read_text(encoding="utf-8")
        for name in ("package-lock.json", "tools/vendor.py", "static/img/mark.svg")
    )
    enough = ["vendor-test"] if purpose == "test" else ["vendor-run", "vendor-test"]
    if (
        any(is_stamped(name, inputs) for name in enough)
        and (ROOT / "static" / "vendor" / "icons.svg").exists()
    ):
        return
    node = node_on_path() or VENV / "bin"
    say(f"building static/vendor (npm of {node})")
    environment = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    npm = [str(node / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", *omit]
    if subprocess.call(npm, env=environment) or subprocess.call([str(PYTHON), "tools/vendor.py"]):
        raise PrepareError("the browser files could not be built; npm's words are above.")
    stamp("vendor-test" if purpose == "test" else "vendor-run", inputs)


def node_on_path() -> Path | None:
    """The folder of a usable ``node`` and ``npm`` on the PATH (not our own environment's), or None."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        place = Path(folder)
        if not folder or place.resolve() == (VENV / "bin").resolve():
            continue
        if os.access(place / "node", os.X_OK) and os.access(place / "npm", os.X_OK):
            answer = subprocess.run(
                [str(place / "node"), "--version"], capture_output=True, text=True, check=False
            )
            version = re.match(r"v(\d+)\.", answer.stdout)
            if version and int(version.group(1)) >= OLDEST_NODE:
                return place
    return None


def pip(*arguments: str, total: int) -> None:
    """Run pip of the environment, with one line for each package. Raises PrepareError with pip's last words."""
    command = [str(PYTHON), "-m", "pip", "--no-input", "--disable-pip-version-check", *arguments]
    heard: list[str] = []
    done = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            heard.append(line)
            package = re.match(
                r"(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9._-]+)(?:\[.*?\])?==(\S+)", line
            )
            if package:
                done += 1
                print(f"  {done:>3}/{total} {package.group(1)} {package.group(2)}", flush=True)
            elif line.startswith("Installing collected"):
                print("  unpacking", flush=True)
    if running.returncode:
        raise PrepareError("pip could not install everything:\n" + "".join(heard[-15:]))


def is_stamped(name: str, inputs: str) -> bool:
    """Whether the step was finished with these inputs in this environment."""
    file = STAMPS / name
    return file.exists() and file.read_text(encoding="utf-8") == _digest(inputs)


def stamp(name: str, inputs: str) -> None:
    """Note that the step is finished. The last thing a step does."""
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(_digest(inputs), encoding="utf-8")


def say(sentence: str) -> None:
    print(f"prepare: {sentence}", flush=True)


def _version_of(python: str) -> tuple[int, ...]:
    """The version of an interpreter; () when it does not start."""
    try:
        answer = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ()
    return tuple(int(part) for part in answer.stdout.split())


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _digest(inputs: str) -> str:
    return hashlib.sha256(inputs.encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
