// A token is asked for as golang-jwt's README has it: HS256 only, exp, iss and aud checked.
package main

import (
	"errors"
	"net/http"
	"os"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt"
)

const issuer, audience = "bench", "api"

func secretOf(token *jwt.Token) (interface{}, error) {
	if _, ok := token.Method.(*jwt.SigningMethodHMAC); !ok {
		return nil, errors.New("unexpected signing method")
	}
	return []byte(os.Getenv("BENCH_SECRET")), nil
}

func wantsToken() gin.HandlerFunc {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}))
	return func(c *gin.Context) {
		text := strings.TrimPrefix(c.GetHeader("Authorization"), "Bearer ")
		claims := jwt.RegisteredClaims{}
		token, err := parser.ParseWithClaims(text, &claims, secretOf)
		if err != nil || !token.Valid || !claims.VerifyIssuer(issuer, true) ||
			!claims.VerifyAudience(audience, true) {
			c.Header("WWW-Authenticate", "Bearer")
			c.AbortWithStatus(http.StatusUnauthorized)
			return
		}
		c.Set("user", claims.Subject)
	}
}
