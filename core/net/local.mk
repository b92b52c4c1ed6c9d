libwyecore_a_SOURCES += \
	core/net/address.c core/net/address.h \
	core/net/limits.c core/net/limits.h \
	core/net/listener.c core/net/listener.h
