"""What retention leaves on paper: types, masa simpan, and the data of their templates."""

from retention.documents import disposal as disposal
from retention.documents import drill as drill
