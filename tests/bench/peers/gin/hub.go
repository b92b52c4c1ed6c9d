// gorilla's hub, as its chat example has it: one goroutine knows the members, each member has one
// that reads and one that writes, and deadlines. Messages that wait are not joined into one.
package main

import (
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"
)

const (
	writeWait  = 10 * time.Second
	pongWait   = 60 * time.Second
	pingPeriod = pongWait * 9 / 10
	waiting    = 256
)

type message struct {
	kind int
	data []byte
}

type member struct {
	hub    *hub
	socket *websocket.Conn
	send   chan message
}

type hub struct {
	members    map[*member]bool
	broadcast  chan message
	come, gone chan *member
}

func newHub() *hub {
	h := &hub{map[*member]bool{}, make(chan message), make(chan *member), make(chan *member)}
	go h.run()
	return h
}

func (h *hub) run() {
	for {
		select {
		case m := <-h.come:
			h.members[m] = true
		case m := <-h.gone:
			h.drop(m)
		case text := <-h.broadcast:
			for m := range h.members {
				select {
				case m.send <- text:
				default: // too slow
					h.drop(m)
				}
			}
		}
	}
}

func (h *hub) drop(m *member) {
	if h.members[m] {
		delete(h.members, m)
		close(m.send)
	}
}

func (h *hub) join(c *gin.Context) {
	socket, err := upgrader.Upgrade(c.Writer, c.Request, nil)
	if err != nil {
		return
	}
	m := &member{h, socket, make(chan message, waiting)}
	h.come <- m
	go m.write()
	m.read()
}

func (m *member) read() {
	defer func() {
		m.hub.gone <- m
		m.socket.Close()
	}()
	m.socket.SetReadDeadline(time.Now().Add(pongWait))
	m.socket.SetPongHandler(func(string) error {
		return m.socket.SetReadDeadline(time.Now().Add(pongWait))
	})
	for {
		kind, data, err := m.socket.ReadMessage()
		if err != nil {
			return
		}
		m.hub.broadcast <- message{kind, data}
	}
}

func (m *member) write() {
	ping := time.NewTicker(pingPeriod)
	defer ping.Stop()
	defer m.socket.Close()
	for {
		select {
		case text, ok := <-m.send:
			m.socket.SetWriteDeadline(time.Now().Add(writeWait))
			if !ok {
				m.socket.WriteMessage(websocket.CloseMessage, nil)
				return
			}
			if m.socket.WriteMessage(text.kind, text.data) != nil {
				return
			}
		case <-ping.C:
			m.socket.SetWriteDeadline(time.Now().Add(writeWait))
			if m.socket.WriteMessage(websocket.PingMessage, nil) != nil {
				return
			}
		}
	}
}
