libwyecore_a_SOURCES += \
	core/route/lanes.c \
	core/route/lanes.h \
	core/route/route.h \
	core/route/router.c \
	core/route/router.h \
	core/route/target.c \
	core/route/target.h
