libwyecore_a_SOURCES += \
	core/stream/drain.c \
	core/stream/drain.h \
	core/stream/early.c \
	core/stream/early.h \
	core/stream/frame.c \
	core/stream/frame.h \
	core/stream/loop.c \
	core/stream/loop.h \
	core/stream/name.c \
	core/stream/name.h \
	core/stream/outbox.c \
	core/stream/outbox.h \
	core/stream/pressure.c \
	core/stream/pressure.h \
	core/stream/progress.c \
	core/stream/progress.h \
	core/stream/room.c \
	core/stream/room.h \
	core/stream/run.h \
	core/stream/secure.c \
	core/stream/secure.h \
	core/stream/send.c \
	core/stream/send.h \
	core/stream/socket.c \
	core/stream/socket.h \
	core/stream/writer.c \
	core/stream/writer.h
