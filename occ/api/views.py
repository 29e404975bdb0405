from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


@extend_schema(exclude=True)
class NotFound(APIView):
    """Whatever lies under /api/v1/ and is nothing answers in JSON."""

    def get(self, request: Request, rest: str) -> Response:
        raise Http404

    post = put = patch = delete = get
