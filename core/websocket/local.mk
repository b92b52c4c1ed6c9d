libwyecore_a_SOURCES += \
	core/websocket/close.c \
	core/websocket/close.h \
	core/websocket/codec.c \
	core/websocket/codec.h \
	core/websocket/connection.c \
	core/websocket/connection.h \
	core/websocket/handshake.c \
	core/websocket/handshake.h \
	core/websocket/lane.c \
	core/websocket/lane.h \
	core/websocket/mask.h \
	core/websocket/metrics.c \
	core/websocket/metrics.h \
	core/websocket/pending.c \
	core/websocket/pending.h \
	core/websocket/send.c \
	core/websocket/send.h \
	core/websocket/utf8.c \
	core/websocket/utf8.h
