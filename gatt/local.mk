# gatt/
