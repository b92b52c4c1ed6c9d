# Built-in handlers: with the public headers only.
libwyecore_a_SOURCES += \
	handlers/respond.c
