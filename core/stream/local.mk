libwyecore_a_SOURCES += \
	core/stream/loop.c core/stream/loop.h \
	core/stream/outbox.c core/stream/outbox.h \
	core/stream/socket.c core/stream/socket.h
