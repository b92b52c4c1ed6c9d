# What the wye program is made of. Filled room by room.
