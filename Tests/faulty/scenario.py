"""What a life of the daemon is made of, from its start to its end, each phase once."""

import time

from checks import word
from rig import PHASES, Gone, Refused, Violation


class Life:
    """Drives one daemon through all phases, as far as it goes; replies that are errors are noted, not raised."""

    def __init__(self, daemon, ledger, phases=None, patience=4.0, stops=True):
        self.daemon, self.ledger, self.patience = daemon, ledger, patience
        self.phases = PHASES[1:-1] if phases is None else phases
        self.stops = stops
        self.refusals = []
        self.number = len(ledger.corrections)

    def run(self):
        """To the end, or until the daemon is gone; whether it came to the end. It is left running unless the life `stops`."""
        try:
            self.phase("start")
            if not self.daemon.start(wait=False):
                return False
        except Gone:
            self.daemon.process.wait(10)
            return False
        return self.goOn()

    def goOn(self):
        """The same from when it serves."""
        try:
            client = self.daemon.client()
            for name in self.phases:
                self.phase(name)
                getattr(self, name)(client)
                self.ledger.predict(client, "a b c")
            client.close()
        except Gone:
            self.daemon.process.wait(10)
            return False
        if self.stops:
            self.phase("stop")
            self.daemon.stop()
        return True

    def phase(self, name):
        self.daemon.control.set(phase=PHASES.index(name))

    def ask(self, client, method, /, **parameters):
        try:
            return client.call(method, **parameters)
        except Refused as error:
            self.refusals.append(error)
            return None

    def teach(self, client, count):
        for _ in range(count):
            self.number += 1
            label = ["alpha", "beta", "gamma"][self.number % 3]
            if self.ledger.send(client, f"key {self.number}", word(self.number), label) is None:
                self.refusals.append(self.ledger.corrections[f"key {self.number}"]["refusals"][-1])

    def rest(self, client):
        """Until all is learnt, or for as long as there is patience where something is broken."""
        deadline = time.monotonic() + (self.patience if self.daemon.control.get("hits") else 20)
        while time.monotonic() < deadline:
            status = client.call("status")
            if status["corrections"]["queued"] == 0 and status["state"] == "serving":
                return
            if self.daemon.control.get("hits"):
                deadline = min(deadline, time.monotonic() + self.patience)
            time.sleep(0.005)

    def commit(self, client):
        self.teach(client, 4)

    def publish(self, client):
        self.rest(client)
        self.ledger.predict(client, word(1))

    def retention(self, client):
        for _ in range(2):
            self.teach(client, 1)
            self.rest(client)

    def rollback(self, client):
        revisions = self.ask(client, "revisions/list")
        older = [entry["id"] for entry in revisions["revisions"] if not entry["serving"]] if revisions else []
        if older:
            self.ask(client, "revisions/activate", revision=max(older))
        self.ledger.predict(client, word(2))

    def release(self, client):
        self.ask(client, "corrections/release", state="withheld")
        self.rest(client)

    def purge(self, client):
        acknowledged = list(self.ledger.acknowledged)
        if acknowledged:
            try:
                self.ledger.purge(client, acknowledged[-1])
            except Refused as error:
                self.refusals.append(error)
        self.rest(client)

    def burst(self, client):
        self.ask(client, "tuning/start", method="bias", wait="finished", seed=1)
        self.rest(client)
        self.teach(client, 1)
        self.rest(client)
