libwyecore_a_SOURCES += \
	core/base/arena.c \
	core/base/arena.h \
	core/base/buffer.c \
	core/base/buffer.h \
	core/base/error.c \
	core/base/field.c \
	core/base/field.h \
	core/base/id.c \
	core/base/id.h \
	core/base/log.c \
	core/base/log.h \
	core/base/loop.c \
	core/base/loop.h \
	core/base/mailbox.c \
	core/base/mailbox.h \
	core/base/metric.c \
	core/base/metric.h \
	core/base/ring.c \
	core/base/ring.h \
	core/base/sink.c \
	core/base/sink.h \
	core/base/wheel.c \
	core/base/wheel.h
