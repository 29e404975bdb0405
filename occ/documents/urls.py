from django.urls import path

from occ.documents import views

app_name = "documents"
urlpatterns = [
    path("documents/", views.register, name="register"),
    path("documents/<int:pk>/", views.detail, name="detail"),
    path("documents/<int:pk>/download/", views.download, name="download"),
    path("documents/<int:pk>/sign/", views.sign, name="sign"),
    path("documents/attachments/<uuid:pk>/", views.attachment, name="attachment"),
    path("verify/<str:code>/", views.verify, name="verify"),
]
