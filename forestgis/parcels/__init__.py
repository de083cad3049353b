"""林地台帳: the forest land ledger of each municipality, one row a lot (筆), with its owners kept apart."""
