"""A new product: what is said of it, what it will probably sell, who will probably want it, and a plan for it.

form      what somebody enters, checked, and saved among the shop's products
history   the shop's sales, and what its past launches sold
sales     expected sales of the first weeks with a range, from past launches
stock     how long the stock lasts
wanting   who bought past launches, learned; every customer's chance to buy this one
report    all of it together, as the page and the command show it
"""
