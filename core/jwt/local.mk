libwyecore_a_SOURCES += \
	core/jwt/accepted.h \
	core/jwt/base64url.c \
	core/jwt/base64url.h \
	core/jwt/claims.c \
	core/jwt/claims.h \
	core/jwt/header.c \
	core/jwt/header.h \
	core/jwt/json.c \
	core/jwt/json.h \
	core/jwt/jwks.c \
	core/jwt/jwt.c \
	core/jwt/key.c \
	core/jwt/key.h \
	core/jwt/keys.c \
	core/jwt/keys.h \
	core/jwt/set.c \
	core/jwt/set.h \
	core/jwt/sign.c \
	core/jwt/sign.h \
	core/jwt/verifier.c \
	core/jwt/verifier.h
