"""What a page costs and how soon it shows what happens, measured in a browser beside a running lab."""
