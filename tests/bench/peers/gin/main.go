// Gin with its logger, golang-jwt (jwt.go), gorilla's echo and its hub (hub.go): gin PORT
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}

func echo(c *gin.Context) {
	socket, err := upgrader.Upgrade(c.Writer, c.Request, nil)
	if err != nil {
		return
	}
	defer socket.Close()
	for {
		kind, message, err := socket.ReadMessage()
		if err != nil || socket.WriteMessage(kind, message) != nil {
			return
		}
	}
}

func main() {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil || len(os.Args) != 2 {
		log.Fatal("usage: gin PORT")
	}
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(gin.LoggerWithWriter(null), gin.Recovery())
	router.GET("/hello", func(c *gin.Context) {
		c.Data(http.StatusOK, "text/plain", []byte("hello, world\n"))
	})
	router.GET("/api/users/:id", func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"id": c.Param("id")})
	})
	router.GET("/api/hello", wantsToken(), func(c *gin.Context) {
		c.Data(http.StatusOK, "text/plain", []byte("hello, world\n"))
	})
	router.GET("/ws", echo)
	router.GET("/hub", newHub().join)
	log.Fatal(router.Run("127.0.0.1:" + os.Args[1]))
}
