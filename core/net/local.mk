libwyecore_a_SOURCES += \
	core/net/address.c \
	core/net/address.h \
	core/net/farewell.c \
	core/net/farewell.h \
	core/net/forwarded.c \
	core/net/forwarded.h \
	core/net/inherited.c \
	core/net/inherited.h \
	core/net/limits.c \
	core/net/limits.h \
	core/net/listener.c \
	core/net/listener.h \
	core/net/pace.c \
	core/net/pace.h \
	core/net/preface.c \
	core/net/preface.h \
	core/net/proxy.c \
	core/net/proxy.h \
	core/net/socketfile.c \
	core/net/socketfile.h \
	core/net/wire.h
