# One cmocka program per module, with the rooms' own fragments.
if HAVE_CMOCKA
include tests/unit/base.mk
include tests/unit/http.mk
include tests/unit/jwt.mk
include tests/unit/middleware.mk
include tests/unit/stream.mk
include tests/unit/websocket.mk
endif
