# Pages in a real browser, where there is one.
TESTS += tests/browser/run
EXTRA_DIST += tests/browser/run tests/browser/browser.py
CLEANFILES += tests/browser/chat-*.png
