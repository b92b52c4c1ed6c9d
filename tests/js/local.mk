# Tests of what pages load: they need Node, and no daemon.
TESTS += tests/js/test_wye_js
EXTRA_DIST += tests/js/test_wye_js tests/js/test_wye_js.mjs
