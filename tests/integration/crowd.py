# SPDX-License-Identifier: MIT
"""Many clients at once in one thread: each is a generator that yields what it waits for."""

import selectors
import ssl
import time

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


def patiently(sock, function, *arguments):
    """What a function of a socket that does not block returns at last."""
    while True:
        try:
            return function(*arguments)
        except (ssl.SSLWantWriteError, BlockingIOError) as error:
            writing = isinstance(error, ssl.SSLWantWriteError) or function == sock.send
            yield sock, WRITE if writing else READ
        except ssl.SSLWantReadError:
            yield sock, READ


class Crowd:
    def __init__(self, patience):
        self.selector, self.patience = selectors.DefaultSelector(), patience
        self.results, self.waiting = {}, {}

    def step(self, place, client, wrong=None):
        """Until it waits, or has ended. A wait that is too long is a TimeoutError in it."""
        try:
            sock, event = client.throw(wrong) if wrong else next(client)
        except StopIteration as end:
            self.results[place] = end.value
            return
        self.selector.register(sock, event, (place, client))
        self.waiting[sock] = time.monotonic() + self.patience

    def wake(self, sock, wrong=None):
        place, client = self.selector.unregister(sock).data
        del self.waiting[sock]
        self.step(place, client, wrong)

    def turn(self):
        """Longest waits stand first."""
        for key, _ in self.selector.select(1):
            self.wake(key.fileobj)
        while self.waiting:
            sock, end = next(iter(self.waiting.items()))
            if end > time.monotonic():
                break
            self.wake(sock, TimeoutError())


def carry_on(clients, patience, at_once=64):
    """Carries all on to their end, so many at once; what they returned, in their order."""
    crowd = Crowd(patience)
    for place, client in enumerate(clients):
        crowd.step(place, client)
        while len(crowd.waiting) >= at_once:
            crowd.turn()
    while crowd.waiting:
        crowd.turn()
    crowd.selector.close()
    return [crowd.results[place] for place in sorted(crowd.results)]
