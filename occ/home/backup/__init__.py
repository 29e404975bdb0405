"""Backup of OCC itself: database, files, and a manifest that says what there must be (KER-16).

Why first the database and then the files: a file lies complete under its final name before the row that names it is
committed (occ.documents.files), and is never changed after. So whatever the rows of the database's snapshot name was
there when the snapshot was taken, and work may go on. The other way round, a document issued between the two would be
a row without its file. What the snapshot named and was destroyed lawfully while files were copied is listed as gone.

The keys are never inside: with the database and SECRET_KEY in one hand the ledger could be forged. The manifest holds
what tells a wrong key (slowly, so that it does not help to guess one) and is itself signed with SECRET_KEY.
"""
