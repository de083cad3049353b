"""The road ledger: public roads, forest roads 林道, forestry roads 林業専用道, strip roads 森林作業道."""
