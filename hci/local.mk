# hci/
