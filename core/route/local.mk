libwyecore_a_SOURCES += \
	core/route/chains.c \
	core/route/chains.h \
	core/route/hosts.c \
	core/route/hosts.h \
	core/route/lanes.c \
	core/route/lanes.h \
	core/route/method.c \
	core/route/method.h \
	core/route/pairs.c \
	core/route/pairs.h \
	core/route/pattern.c \
	core/route/pattern.h \
	core/route/route.h \
	core/route/router.c \
	core/route/router.h \
	core/route/routes.c \
	core/route/routes.h \
	core/route/target.c \
	core/route/target.h
