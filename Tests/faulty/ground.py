"""The states that lives begin on."""

import pathlib
import shutil
import tempfile

from checks import Disk, settle
from rig import PHASES, Daemon, Ledger, Violation
from scenario import Life


class Ground:
    """A state that a life begins on: an empty one, or one that has been taught enough for a burst."""

    def __init__(self, tools, isTaught):
        self.tools, self.isTaught, self.ledger = tools, isTaught, Ledger()
        self.state = tools.folder / ("taught" if isTaught else "empty") / "state"
        self.phases = None if isTaught else ["commit", "publish"]
        if not isTaught:
            return
        daemon = Daemon(tools, self.state.parent, shimmed=False)
        daemon.start()
        client = daemon.client()
        Life(daemon, self.ledger).teach(client, 72)
        settle(client, self.ledger)
        client.call("tuning/start", method="bias", wait="finished", seed=3)
        settle(client, self.ledger)
        self.ledger.predict(client, "a b c")
        client.close()
        if (code := daemon.stop()) != 0:
            raise Violation(f"the daemon ended with {code}")
        Disk(self.state).check(self.ledger, isFinal=True)

    @classmethod
    def of(cls, tools, isTaught):
        """The one ground of its kind."""
        if isTaught not in tools.grounds:
            tools.grounds[isTaught] = cls(tools, isTaught)
        return tools.grounds[isTaught]

    def life(self, folder, settings=None, state=None):
        """A daemon on a copy of this state, and its life to be."""
        daemon, ledger = Daemon(self.tools, folder, settings, state), Ledger(self.ledger)
        if self.isTaught:
            shutil.copytree(self.state, daemon.state, symlinks=True, dirs_exist_ok=True)
        return daemon, ledger, Life(daemon, ledger, self.phases)

    def points(self):
        """The calls of one undisturbed life, as (phase, call, path), in order."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="points-", dir=self.tools.folder))
        daemon, ledger, life = self.life(folder)
        daemon.control.set(armed=1)
        try:
            if not life.run():
                raise Violation(f"an undisturbed life does not come to its end: {daemon.lastWords()}")
        finally:
            daemon.kill()
        if life.refusals:
            raise Violation(f"an undisturbed life has refusals: {[str(error) for error in life.refusals]}")
        Disk(daemon.state).check(ledger, isFinal=True)
        calls = []
        for line in daemon.trace.read_text().splitlines():
            phase, call, path = line.split(" ", 2)
            calls.append((PHASES[int(phase)] if self.isTaught else "birth", call, path))
        return calls
