"""A worker in a process of its own, to be killed; its settings are in the environment.

It makes one round, or dies by its own hand where nobody on the far side can see the moment: with
the argument ``before-connect`` or ``before-record``. It imports nothing of the tests, so that it
runs as a script.
"""

import os
import signal
import sys
from datetime import UTC, datetime

from portal.config import Config
from portal.database import open_database
from portal.delivery.outbox import Outcome, Outgoing
from portal.delivery.smtp import sender
from portal.delivery.worker import deliver_round
from portal.sealing import Keyring


def main(death: str) -> None:
    config = Config.from_environment(os.environ)
    open_database(config.database_url, Keyring(config.data_keys))
    talk = sender(config)

    def send(outgoing: Outgoing) -> Outcome:
        if death == "before-connect":
            os.kill(os.getpid(), signal.SIGKILL)
        outcome = talk(outgoing)
        if death == "before-record":
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    deliver_round(lambda: datetime.now(UTC), send)


if __name__ == "__main__":
    main(*sys.argv[1:])
